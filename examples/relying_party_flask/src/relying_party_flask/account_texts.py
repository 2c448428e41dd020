"""Sentences about the account from before eID: English, 繁體中文, 简体中文."""

from __future__ import annotations

ACCOUNT_TEXTS: dict[str, tuple[str, str, str]] = {
    "old_title": ("Your account from before", "你原有的帳戶", "您原有的账户"),
    "old_home": (
        "Have you written to us with a user name and a password before?",
        "以前曾用用戶名稱和密碼向我們提出建議？",
        "以前曾用用户名和密码向我们提出建议？",
    ),
    "old_home_go": ("Open your old account", "開啟原有帳戶", "打开原有账户"),
    "old_login": (
        "Log in to your old account",
        "登入原有帳戶",
        "登录原有账户",
    ),
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
    "old_since": ("With us since", "加入年份", "加入年份"),
    "old_way": ("How you got here", "登入方法", "登录方法"),
    "old_by_eid": ("Your eID led you here", "由你的 eID 帶到這裏", "由您的 eID 带到这里"),
    "old_by_password": ("With your password", "使用密碼", "使用密码"),
    "old_eid": ("eID", "eID", "eID"),
    "old_is_linked": ("linked with this account", "已與這個帳戶連結", "已与这个账户关联"),
    "old_not_linked": ("not linked yet", "尚未連結", "尚未关联"),
    "old_link_text": (
        "Link your eID once, and you need no password here any more.",
        "只需連結 eID 一次，以後在這裏便無須密碼。",
        "只需关联 eID 一次，以后在这里便无须密码。",
    ),
    "old_link": ("Link my eID", "連結我的 eID", "关联我的 eID"),
    "old_unlink": ("Unlink my eID", "解除 eID 連結", "解除 eID 关联"),
    "old_history": ("What happened", "紀錄", "记录"),
    "old_linked": ("An eID was linked.", "已連結一個 eID。", "已关联一个 eID。"),
    "old_unlinked": ("The eID was unlinked.", "已解除 eID 連結。", "已解除 eID 关联。"),
    "old_log_out": ("Log out of the old account", "登出原有帳戶", "退出原有账户"),
    "old_offer": (
        "Did you have an account with a password here? Link it, and your eID leads to it.",
        "你在這裏曾有以密碼登入的帳戶？連結後，你的 eID 便會帶你前往。",
        "您在这里曾有以密码登录的账户？关联后，您的 eID 便会带您前往。",
    ),
    "old_offer_go": ("Link my old account", "連結原有帳戶", "关联原有账户"),
    "old_open": ("Open it", "開啟", "打开"),
    "privacy_accounts": (
        (
            "Old accounts and the eIDs linked with them are kept in a small database of this demonstration, "
            "and so is what was linked and unlinked."
        ),
        "原有帳戶、與其連結的 eID，以及連結和解除連結的紀錄，均存於示範用的小型資料庫。",
        "原有账户、与其关联的 eID，以及关联和解除关联的记录，均存于示范用的小型数据库。",
    ),
}
