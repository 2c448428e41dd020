"""Every sentence of the service: English, 繁體中文, 简体中文."""

from relying_party_django.account_texts import ACCOUNT_TEXTS

TEXTS: dict[str, tuple[str, str, str]] = {
    "skip": ("Skip to the content", "跳至主要內容", "跳到主要内容"),
    "demo": (
        "Demonstration service, fictional data",
        "示範服務，資料純屬虛構",
        "示范服务，资料纯属虚构",
    ),
    "languages": ("Language", "語言", "语言"),
    "department": ("Inland Revenue Department", "稅務局", "税务局"),
    "service": ("eTAX", "稅務易", "税务易"),
    "account": ("Your visit", "你的登入", "您的登录"),
    "log_in": ("Log in with eID", "以 eID 登入", "以 eID 登录"),
    "log_out": ("Log out", "登出", "退出"),
    "home": ("Start page", "主頁", "首页"),
    "privacy": ("What this service keeps", "本服務保存的資料", "本服务保存的资料"),
    "not_official": (
        "Made to show how a service uses eID. It is not a website of the Government.",
        "本網站只為展示服務如何使用 eID，並非政府網站。",
        "本网站只为展示服务如何使用 eID，并非政府网站。",
    ),
    "home_title": ("Your tax return, on one page", "一頁看清你的報稅表", "一页看清您的报税表"),
    "home_lead": (
        "See what you earned, what is taken off and what you owe, in plain words. Then confirm it.",
        "以淺白的文字看清收入、扣除項目和應繳稅款，然後確認。",
        "以浅白的文字看清收入、扣除项目和应缴税款，然后确认。",
    ),
    "home_time": ("No paper, no password.", "無須紙張，無須密碼。", "无须纸张，无须密码。"),
    "home_open": ("See my tax return", "查看我的報稅表", "查看我的报税表"),
    "home_levels": ("Two steps, two locks", "兩個步驟，兩重保障", "两个步骤，两重保障"),
    "home_see": ("See the return", "查看報稅表", "查看报税表"),
    "home_see_text": (
        "Any eID login will do: a passkey on your phone or computer.",
        "任何 eID 登入均可：手機或電腦上的通行密鑰。",
        "任何 eID 登录均可：手机或电脑上的通行密钥。",
    ),
    "home_confirm": ("Confirm the return", "確認報稅表", "确认报税表"),
    "home_confirm_text": (
        (
            "Needs a key that never leaves a device of yours. If you logged in otherwise, we ask you "
            "once more."
        ),
        "須使用從不離開你裝置的密鑰。如你以其他方式登入，我們會再請你登入一次。",
        "须使用从不离开您设备的密钥。如您以其他方式登录，我们会再请您登录一次。",
    ),
    "home_asked": ("What we ask eID for", "我們向 eID 索取的資料", "我们向 eID 索取的资料"),
    "home_asked_text": (
        (
            "Your name, date of birth and identity-card number, to find the right tax file. eID shows "
            "you each one before it is sent, and you can withdraw your agreement later."
        ),
        "你的姓名、出生日期和身份證號碼，以便找出正確的稅務檔案。eID 會在送出前逐項向你展示，你日後亦可撤回同意。",
        "您的姓名、出生日期和身份证号码，以便找出正确的税务档案。eID 会在送出前逐项向您展示，您日后也可撤回同意。",
    ),
    "summary_title": ("Your tax return", "你的報稅表", "您的报税表"),
    "summary_hello": ("For", "納稅人", "纳税人"),
    "summary_year": ("Year of assessment", "課稅年度", "课税年度"),
    "summary_file": ("Tax file", "稅務檔案", "税务档案"),
    "summary_to_pay": ("Tax to pay", "應繳稅款", "应缴税款"),
    "summary_how": ("How it is made up", "計算方法", "计算方法"),
    "summary_item": ("Item", "項目", "项目"),
    "summary_amount": ("HK$", "港元", "港元"),
    "summary_income": ("Salary for the year", "全年薪金", "全年薪金"),
    "summary_pension": (
        "less: contributions to your pension scheme",
        "減：退休計劃供款",
        "减：退休计划供款",
    ),
    "summary_training": ("less: courses you took", "減：進修開支", "减：进修开支"),
    "summary_allowance": ("less: basic allowance", "減：基本免稅額", "减：基本免税额"),
    "summary_chargeable": ("What is taxed", "應課稅入息", "应课税入息"),
    "summary_when": ("When to pay", "繳款日期", "缴款日期"),
    "summary_first": ("Early January 2027", "2027年1月初", "2027年1月初"),
    "summary_second": ("Early April 2027", "2027年4月初", "2027年4月初"),
    "summary_confirm": ("Check and confirm", "核對並確認", "核对并确认"),
    "summary_confirmed": (
        "You confirmed this return on",
        "你已確認這份報稅表：",
        "您已确认这份报税表：",
    ),
    "summary_stronger": (
        "Confirming needs a login with a device of your own.",
        "確認時須以你自己的裝置登入。",
        "确认时须以您自己的设备登录。",
    ),
    "confirm_title": ("Confirm your tax return", "確認你的報稅表", "确认您的报税表"),
    "confirm_strong": (
        "You logged in with a device of your own.",
        "你已使用自己的裝置登入。",
        "您已使用自己的设备登录。",
    ),
    "confirm_text": (
        (
            "By confirming you say that these figures are complete and correct. You cannot take it back "
            "here."
        ),
        "確認即表示你聲明這些數字完整無誤。確認後不能在此撤回。",
        "确认即表示您声明这些数字完整无误。确认后不能在此撤回。",
    ),
    "confirm_button": ("Confirm", "確認", "确认"),
    "confirm_back": ("Back, without confirming", "返回，暫不確認", "返回，暂不确认"),
    "confirmed_title": ("Your return is confirmed", "報稅表已確認", "报税表已确认"),
    "confirmed_at": ("Confirmed on", "確認時間", "确认时间"),
    "confirmed_next": (
        "You need to do nothing until the first payment. A copy stays on this page.",
        "首次繳款前無須辦理其他手續。副本會保留在此頁。",
        "首次缴款前无须办理其他手续。副本会保留在此页。",
    ),
    "account_title": ("Your visit", "你的登入", "您的登录"),
    "account_who": ("What eID told us", "eID 提供的資料", "eID 提供的资料"),
    "account_name": ("Name", "姓名", "姓名"),
    "account_birthdate": ("Date of birth", "出生日期", "出生日期"),
    "account_hkic": ("Identity-card number", "身份證號碼", "身份证号码"),
    "account_withheld": ("not shared", "沒有提供", "没有提供"),
    "account_sub": (
        "Code that stands for you here",
        "在本服務代表你的代碼",
        "在本服务代表您的代码",
    ),
    "account_acr": ("How strongly you logged in", "登入級別", "登录级别"),
    "account_when": ("When you proved who you are", "核實身分的時間", "核实身份的时间"),
    "acr_eid": ("eID, with your passkey", "eID，使用通行密鑰", "eID，使用通行密钥"),
    "acr_eid-bound": (
        "eID, with a device of your own",
        "eID，使用已綁定的裝置",
        "eID，使用已绑定的设备",
    ),
    "acr_eid-plus": (
        "eID+, checked with your identity card",
        "eID+，經身份證晶片核實",
        "eID+，经身份证芯片核实",
    ),
    "acr_eid-plus-attested": (
        "eID+, with a certified security key",
        "eID+，使用認證安全密鑰",
        "eID+，使用认证安全密钥",
    ),
    "acr_none": ("not stated", "沒有說明", "没有说明"),
    "account_withdraw": (
        "You can see and withdraw what you shared in My eID.",
        "你可以在「我的 eID」查看及撤回已提供的資料。",
        "您可以在“我的 eID”查看及撤回已提供的资料。",
    ),
    "account_my_eid": ("Open My eID", "開啟我的 eID", "打开我的 eID"),
    "account_end": ("Log out here and at eID", "在本服務及 eID 登出", "在本服务及 eID 退出"),
    "sign_offer": ("Sign the return", "簽署報稅表", "签署报税表"),
    "sign_offer_text": (
        "With an eID+ you can sign it now, so that nothing has to be sent by post.",
        "有 eID+ 便可即時簽署，毋須郵寄。",
        "有 eID+ 便可即时签署，无须邮寄。",
    ),
    "sign_title": ("Sign with eID", "以 eID 簽署", "以 eID 签署"),
    "sign_text": (
        "eID shows you the return and this code. If the codes differ, do not sign.",
        "eID 會向你顯示報稅表和這個代碼。如代碼不同，請不要簽署。",
        "eID 会向您显示报税表和这个代码。如代码不同，请不要签署。",
    ),
    "sign_code": ("Your code", "你的代碼", "您的代码"),
    "sign_go": ("Go to eID and sign", "前往 eID 簽署", "前往 eID 签署"),
    "sign_after": (
        "You have 15 minutes. Afterwards you come back here.",
        "你有 15 分鐘時間，完成後會返回這裏。",
        "您有 15 分钟时间，完成后会返回这里。",
    ),
    "signed_title": ("Your return is signed", "你已簽署報稅表", "您已签署报税表"),
    "signed_text": (
        "We have it with your signature. Keep a copy.",
        "我們已收到你簽署的報稅表。請保存副本。",
        "我们已收到您签署的报税表。请保存副本。",
    ),
    "signed_file": ("The signed return (PDF)", "已簽署的報稅表（PDF）", "已签署的报税表（PDF）"),
    "privacy_keeps": (
        (
            "While you are logged in, one sealed cookie in your browser holds what eID told us. It ends "
            "after an hour, or when you log out."
        ),
        "登入期間，瀏覽器內一個已加密的 Cookie 保存 eID 提供的資料，於一小時後或登出時失效。",
        "登录期间，浏览器内一个已加密的 Cookie 保存 eID 提供的资料，于一小时后或退出时失效。",
    ),
    "privacy_figures": (
        "The figures are made up from the code that stands for you here. Nobody's tax is in them.",
        "所有數字由代表你的代碼產生，並不包含任何人的稅務資料。",
        "所有数字由代表您的代码产生，并不包含任何人的税务资料。",
    ),
    "privacy_confirmations": (
        "That you confirmed stays in this server's memory and is gone when the demonstration stops.",
        "你的確認只存於伺服器的記憶體，示範結束後即消失。",
        "您的确认只存于服务器的内存，示范结束后即消失。",
    ),
    "privacy_language": (
        "One cookie remembers the language you chose, another protects the forms.",
        "一個 Cookie 記住你選擇的語言，另一個保護表格。",
        "一个 Cookie 记住您选择的语言，另一个保护表格。",
    ),
    "missing_title": ("There is no such page", "找不到這一頁", "找不到这一页"),
    "missing_text": (
        "The address may be mistyped, or the page has moved.",
        "網址可能有誤，或網頁已搬移。",
        "网址可能有误，或网页已搬移。",
    ),
    "failed_title": ("Something went wrong here", "服務出現問題", "服务出现问题"),
    "failed_text": (
        "The fault is ours, not yours. Please try again in a few minutes.",
        "問題出於本服務。請於幾分鐘後再試。",
        "问题出在本服务。请于几分钟后再试。",
    ),
    **ACCOUNT_TEXTS,
}
