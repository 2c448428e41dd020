"""How notices leave: mail by SMTP, Web Push, a gateway for SMS, and the sandbox's inbox.

Each is a :class:`hkeid.ports.notices.Notifier`. Web Push needs the extra ``push`` and is imported only
where it is used.
"""

from hkeid.adapters.notices.inbox import DevelopmentInbox, InboxLetter
from hkeid.adapters.notices.mail import MailNotifier, MailServer
from hkeid.adapters.notices.sms import SmsGateway

__all__ = ["DevelopmentInbox", "InboxLetter", "MailNotifier", "MailServer", "SmsGateway"]
