"""Every sentence of the service: English, 繁體中文, 简体中文."""

from __future__ import annotations

from relying_party_flask.account_texts import ACCOUNT_TEXTS

_ORDER = ("en", "zh-Hant-HK", "zh-Hans")

TOPICS = ("forecast", "warning", "cyclone", "rain", "other")

_TEXTS: dict[str, tuple[str, str, str]] = {
    "skip": ("Skip to the content", "跳至主要內容", "跳到主要内容"),
    "demo": (
        "Demonstration service, fictional data",
        "示範服務，資料純屬虛構",
        "示范服务，资料纯属虚构",
    ),
    "languages": ("Language", "語言", "语言"),
    "department": ("Hong Kong Observatory", "香港天文台", "香港天文台"),
    "service": ("Weather suggestions", "天氣服務建議", "天气服务建议"),
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
    # Home
    "home_title": (
        "Help us make the forecast better",
        "助我們改進天氣預報",
        "帮助我们改进天气预报",
    ),
    "home_lead": (
        (
            "Was a warning too late, a forecast hard to read, a rainstorm a surprise? Tell the people "
            "who write them."
        ),
        "警告發得太遲？預報難以明白？暴雨來得突然？請告訴負責預報的人員。",
        "警告发得太迟？预报难以明白？暴雨来得突然？请告诉负责预报的人员。",
    ),
    "home_time": (
        "It takes about three minutes.",
        "只需約三分鐘。",
        "只需约三分钟。",
    ),
    "home_start": ("Make a suggestion", "提出建議", "提出建议"),
    "home_how": ("How it works", "步驟", "步骤"),
    "home_step_1": (
        "Log in with your eID. A passkey on your phone or computer is enough.",
        "以 eID 登入。只需手機或電腦上的通行密鑰。",
        "以 eID 登录。只需手机或电脑上的通行密钥。",
    ),
    "home_step_2": (
        "Agree that we learn your name, for our reply. “Mr” or “Ms” is up to you.",
        "同意讓我們知道你的姓名，以便回覆。稱謂是否提供，由你決定。",
        "同意让我们知道您的姓名，以便回复。称谓是否提供，由您决定。",
    ),
    "home_step_3": (
        "Write your suggestion. A forecaster reads each one.",
        "寫下你的建議。每一項都由預報員閱讀。",
        "写下您的建议。每一项都由预报员阅读。",
    ),
    "home_why": ("Why log in?", "為何需要登入？", "为何需要登录？"),
    "home_why_text": (
        (
            "So that one person's voice counts once, and so that you can see our reply. We receive "
            "your name and a code that stands for you at this service only, never your identity-card number."
        ),
        "這樣每人的意見只計算一次，你亦可查看我們的回覆。我們只會收到你的姓名，以及一個只在本服務代表你的代碼，絕不會收到你的身份證號碼。",
        "这样每人的意见只计算一次，您也可查看我们的回复。我们只会收到您的姓名，以及一个只在本服务代表您的代码，绝不会收到您的身份证号码。",
    ),
    "home_heard": ("What became of suggestions", "建議的成果", "建议的成果"),
    "heard_1": (
        "“Say when the rain will stop, not only that it rains.” The nowcast now names the hour.",
        "「請說明雨何時停，而不只是說正在下雨。」現時的臨近預報會列出時間。",
        "“请说明雨何时停，而不只是说正在下雨。”现在的临近预报会列出时间。",
    ),
    "heard_2": (
        "“My grandmother cannot read the small map.” The wind map can be enlarged to a whole page.",
        "「祖母看不清細小的地圖。」風向圖現可放大至整頁。",
        "“祖母看不清细小的地图。”风向图现在可放大至整页。",
    ),
    # Form
    "form_title": ("Your suggestion", "你的建議", "您的建议"),
    "form_step": ("Step 3 of 3", "第 3 步，共 3 步", "第 3 步，共 3 步"),
    "form_topic": ("What is it about?", "與甚麼有關？", "与什么有关？"),
    "topic_forecast": ("Daily forecast", "每日天氣預報", "每日天气预报"),
    "topic_warning": ("Hot or cold weather warnings", "酷熱或寒冷天氣警告", "酷热或寒冷天气警告"),
    "topic_cyclone": ("Tropical cyclone signals", "熱帶氣旋警告信號", "热带气旋警告信号"),
    "topic_rain": ("Rainstorm and thunderstorm warnings", "暴雨及雷暴警告", "暴雨及雷暴警告"),
    "topic_other": ("Something else", "其他", "其他"),
    "form_message": ("What should be better?", "有甚麼可以改善？", "有什么可以改善？"),
    "form_message_hint": (
        "Up to 1,000 characters. Please do not write about other people.",
        "最多 1,000 字。請不要提及其他人的個人資料。",
        "最多 1,000 字。请不要提及其他人的个人资料。",
    ),
    "form_name": ("Your name, for our reply", "你的姓名，供回覆之用", "您的姓名，供回复之用"),
    "form_name_from_eid": (
        "From your eID, because you agreed. Change it if you like to be called otherwise.",
        "來自你的 eID，經你同意提供。如希望使用其他稱呼，可以更改。",
        "来自您的 eID，经您同意提供。如希望使用其他称呼，可以更改。",
    ),
    "form_name_empty": (
        "You did not share your name, which is fine. You may leave this empty.",
        "你沒有提供姓名，這沒有問題。可以留空。",
        "您没有提供姓名，这没有问题。可以留空。",
    ),
    "form_send": ("Send suggestion", "提交建議", "提交建议"),
    "form_nothing_sent": (
        "Nothing is sent before you press the button.",
        "按下按鈕之前不會送出任何資料。",
        "按下按钮之前不会送出任何资料。",
    ),
    "error_title": ("Please check the form", "請檢查表格", "请检查表格"),
    "error_topic": ("Choose what it is about", "請選擇建議的主題", "请选择建议的主题"),
    "error_message": ("Write your suggestion", "請寫下你的建議", "请写下您的建议"),
    "error_message_long": (
        "Your suggestion is longer than 1,000 characters",
        "你的建議超過 1,000 字",
        "您的建议超过 1,000 字",
    ),
    "error_name_long": (
        "The name is longer than 100 characters",
        "姓名超過 100 字",
        "姓名超过 100 字",
    ),
    "error_stale": (
        "This page was open for too long. Your text is still here: please send it again.",
        "這一頁開啟得太久。你的文字仍然保留，請再次提交。",
        "这一页打开得太久。您的文字仍然保留，请再次提交。",
    ),
    # Thanks
    "thanks_title": ("Thank you", "多謝你的建議", "谢谢您的建议"),
    "thanks_reference": ("Your reference number", "參考編號", "参考编号"),
    "thanks_next": ("What happens next", "接下來", "接下来"),
    "thanks_next_text": (
        (
            "A forecaster reads your suggestion within ten working days. The answer appears under "
            "“Your visit”."
        ),
        "預報員會在十個工作天內閱讀你的建議，回覆會顯示於「你的登入」。",
        "预报员会在十个工作日内阅读您的建议，回复会显示于“您的登录”。",
    ),
    "thanks_another": ("Make another suggestion", "再提出一項建議", "再提出一项建议"),
    # Declaration
    "declaration_title": ("Declaration", "聲明書", "声明书"),
    "declaration_offer": (
        "If your suggestion reports damage, we need your signed declaration.",
        "如建議涉及損毀情況，我們需要你簽署的聲明書。",
        "如建议涉及损毁情况，我们需要您签署的声明书。",
    ),
    "declaration_go": ("Sign a declaration", "簽署聲明書", "签署声明书"),
    "declaration_lead": (
        "Sign on your phone or computer with your eID+; nothing is printed.",
        "以 eID+ 在手機或電腦簽署，毋須列印。",
        "以 eID+ 在手机或电脑签署，无须打印。",
    ),
    "declaration_witness_lead": (
        "Somebody asks you to sign this declaration as a witness. Read it first.",
        "有人請你以見證人身分簽署這份聲明書。請先閱讀。",
        "有人请您以见证人身份签署这份声明书。请先阅读。",
    ),
    "declaration_file": ("The declaration (PDF)", "聲明書（PDF）", "声明书（PDF）"),
    "declaration_sign": ("Sign with eID", "以 eID 簽署", "以 eID 签署"),
    "declaration_needs": ("You need an eID+.", "需要 eID+。", "需要 eID+。"),
    "declaration_signed": ("Signed", "已簽署", "已签署"),
    "declaration_signed_text": (
        "We have the declaration with your signature. Keep a copy.",
        "我們已收到你簽署的聲明書。請保存副本。",
        "我们已收到您签署的声明书。请保存副本。",
    ),
    "declaration_witness": ("A witness", "見證人", "见证人"),
    "declaration_witness_text": (
        "A witness may sign too, in the second field. Send them this link:",
        "見證人亦可在第二欄簽署。請把這個連結傳給對方：",
        "见证人也可在第二栏签署。请把这个链接传给对方：",
    ),
    "declaration_other_title": ("This was signed already", "這份文件已經簽署", "这份文件已经签署"),
    "declaration_other_text": (
        "Somebody signed this field before you. Nothing was changed.",
        "這一欄已有人簽署。沒有任何更改。",
        "这一栏已有人签署。没有任何更改。",
    ),
    "sign_title": ("Sign with eID", "以 eID 簽署", "以 eID 签署"),
    "sign_text": (
        "eID shows you the document and this code. If the codes differ, do not sign.",
        "eID 會向你顯示文件和這個代碼。如代碼不同，請不要簽署。",
        "eID 会向您显示文件和这个代码。如代码不同，请不要签署。",
    ),
    "sign_code": ("Your code", "你的代碼", "您的代码"),
    "sign_go": ("Go to eID and sign", "前往 eID 簽署", "前往 eID 签署"),
    "sign_after": (
        "You have 15 minutes. Afterwards you come back here.",
        "你有 15 分鐘時間，完成後會返回這裏。",
        "您有 15 分钟时间，完成后会返回这里。",
    ),
    # Account
    "account_title": ("Your visit", "你的登入", "您的登录"),
    "account_hello": ("Hello", "你好", "您好"),
    "account_who": ("What eID told us", "eID 提供的資料", "eID 提供的资料"),
    "account_name": ("Name", "姓名", "姓名"),
    "account_gender": ("Sex", "性別", "性别"),
    "gender_male": ("Male", "男", "男"),
    "gender_female": ("Female", "女", "女"),
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
    "account_suggestions": ("Your suggestions", "你的建議", "您的建议"),
    "account_no_suggestions": (
        "You have not made a suggestion yet.",
        "你尚未提出建議。",
        "您尚未提出建议。",
    ),
    "account_withdraw": (
        "You can see and withdraw what you shared in My eID.",
        "你可以在「我的 eID」查看及撤回已提供的資料。",
        "您可以在“我的 eID”查看及撤回已提供的资料。",
    ),
    "account_my_eid": ("Open My eID", "開啟我的 eID", "打开我的 eID"),
    "account_end": ("Log out here and at eID", "在本服務及 eID 登出", "在本服务及 eID 退出"),
    "sent_at": ("Sent", "提交時間", "提交时间"),
    # Privacy
    "privacy_keeps": (
        (
            "While you are logged in, one sealed cookie in your browser holds what eID told us. It ends "
            "after an hour, or when you log out."
        ),
        "登入期間，瀏覽器內一個已加密的 Cookie 保存 eID 提供的資料，於一小時後或登出時失效。",
        "登录期间，浏览器内一个已加密的 Cookie 保存 eID 提供的资料，于一小时后或退出时失效。",
    ),
    "privacy_suggestions": (
        "Suggestions stay in this server's memory and are gone when the demonstration stops.",
        "建議只存於伺服器的記憶體，示範結束後即消失。",
        "建议只存于服务器的内存，示范结束后即消失。",
    ),
    "privacy_language": (
        "A cookie remembers the language you chose.",
        "另有一個 Cookie 記住你選擇的語言。",
        "另有一个 Cookie 记住您选择的语言。",
    ),
    "privacy_never": (
        (
            "We never receive your identity-card number, your date of birth or anything about other "
            "services that you use."
        ),
        "我們絕不會收到你的身份證號碼、出生日期或你使用其他服務的資料。",
        "我们绝不会收到您的身份证号码、出生日期或您使用其他服务的资料。",
    ),
    # Failures
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


def known(key: str) -> bool:
    """Whether there is a sentence called ``key``."""
    return key in _TEXTS


def text(key: str, language: str) -> str:
    """The sentence called ``key``; a missing one is a mistake in the program."""
    return _TEXTS[key][_ORDER.index(language)]
