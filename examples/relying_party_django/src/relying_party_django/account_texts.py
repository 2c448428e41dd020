"""Sentences about the account from before eID: English, 繁體中文, 简体中文."""

ACCOUNT_TEXTS: dict[str, tuple[str, str, str]] = {
    "old_title": ("Your eTAX account", "你的稅務易帳戶", "您的税务易账户"),
    "old_home": (
        "Have you used eTAX with a user name and a password?",
        "曾以用戶名稱和密碼使用稅務易？",
        "曾以用户名和密码使用税务易？",
    ),
    "old_home_go": ("Open your eTAX account", "開啟稅務易帳戶", "打开税务易账户"),
    "old_login": ("Log in to your eTAX account", "登入稅務易帳戶", "登录税务易账户"),
    "old_login_text": (
        "This is the log-in that we had before eID.",
        "這是使用 eID 之前的登入方法。",
        "这是使用 eID 之前的登录方法。",
    ),
    "old_people": (
        "Everybody with an account here is fictional. Be one of them:",
        "這裏所有帳戶持有人均為虛構。請選用其中一位：",
        "这里所有账户持有人均为虚构。请选用其中一位：",
    ),
    "old_user_name": ("User name", "用戶名稱", "用户名"),
    "old_password": ("Password", "密碼", "密码"),
    "old_enter": ("Log in", "登入", "登录"),
    "old_wrong": (
        "User name and password do not go together. Type both again.",
        "用戶名稱與密碼不相符。請重新輸入。",
        "用户名与密码不相符。请重新输入。",
    ),
    "old_name": ("Name", "名稱", "名称"),
    "old_number": ("Account number", "帳戶號碼", "账户号码"),
    "old_way": ("How you got here", "登入方法", "登录方法"),
    "old_by_eid": ("Your eID led you here", "由你的 eID 帶到這裏", "由您的 eID 带到这里"),
    "old_by_password": ("With your password", "使用密碼", "使用密码"),
    "old_is_linked": ("linked with this account", "已與這個帳戶連結", "已与这个账户关联"),
    "old_not_linked": ("not linked yet", "尚未連結", "尚未关联"),
    "old_link_text": (
        (
            "Link your eID once, and you need no password here any more. We compare the identity-card "
            "number with the one in your tax file."
        ),
        "只需連結 eID 一次，以後在這裏便無須密碼。我們會核對身份證號碼與稅務檔案所載的是否一致。",
        "只需关联 eID 一次，以后在这里便无须密码。我们会核对身份证号码与税务档案所载的是否一致。",
    ),
    "old_link": ("Link my eID", "連結我的 eID", "关联我的 eID"),
    "old_unlink": ("Unlink my eID", "解除 eID 連結", "解除 eID 关联"),
    "old_history": ("What happened", "紀錄", "记录"),
    "old_linked": ("An eID was linked.", "已連結一個 eID。", "已关联一个 eID。"),
    "old_unlinked": ("The eID was unlinked.", "已解除 eID 連結。", "已解除 eID 关联。"),
    "old_log_out": ("Log out of the eTAX account", "登出稅務易帳戶", "退出税务易账户"),
    "old_offer": (
        "Did you have an eTAX account with a password? Link it, and your eID leads to it.",
        "你曾有以密碼登入的稅務易帳戶？連結後，你的 eID 便會帶你前往。",
        "您曾有以密码登录的税务易账户？关联后，您的 eID 便会带您前往。",
    ),
    "old_offer_go": ("Link my eTAX account", "連結稅務易帳戶", "关联税务易账户"),
    "old_open": ("Open it", "開啟", "打开"),
    "privacy_accounts": (
        (
            "eTAX accounts and the eIDs linked with them are kept in a small database of this demonstration, "
            "and so is what was linked and unlinked."
        ),
        "稅務易帳戶、與其連結的 eID，以及連結和解除連結的紀錄，均存於示範用的小型資料庫。",
        "税务易账户、与其关联的 eID，以及关联和解除关联的记录，均存于示范用的小型数据库。",
    ),
}
