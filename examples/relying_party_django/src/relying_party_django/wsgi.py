"""The application as WSGI servers want it, style sheet and pictures included."""

import os

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relying_party_django.settings")
application = StaticFilesHandler(get_wsgi_application())
