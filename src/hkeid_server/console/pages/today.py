"""Today's numbers, as plots with a table beside each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, Response

from hkeid.enrolment.review import Figures
from hkeid.officers import OfficerView, Permission
from hkeid_server.console import plots
from hkeid_server.console.models import Plot, TodayPage
from hkeid_server.console.parts import console
from hkeid_server.console.visitors import see_other, with_officer
from hkeid_server.console.words import reason_words, span
from hkeid_server.shell import show, translate

blueprint = Blueprint("console_today", __name__)


@blueprint.get("/console/today")
@with_officer
def today(officer: OfficerView) -> Response:
    """The first page; who may not see numbers begins elsewhere."""
    if not officer.may(Permission.FIGURES_READ):
        return see_other("/console/stations")
    figures = console().figures.today(officer)
    page = today_page(figures)
    if officer.may(Permission.REQUESTS_READ):
        page = replace(page, requests=console().requests.figures(officer))
    return show("console/today.html", page)


def today_page(figures: Figures) -> TodayPage:
    """The page's content, made of the figures."""
    labels = {
        "under_4_hours": translate("Under 4 hours"),
        "under_1_day": translate("Under 1 day"),
        "under_3_days": translate("Under 3 days"),
        "older": translate("3 days or more"),
    }
    ages = tuple((labels[name], number) for name, number in figures.waiting.items())
    days = tuple(
        (f"{one.day.day}/{one.day.month}", one.accepted, one.refused) for one in figures.days
    )
    wait = None if figures.median_wait is None else timedelta(seconds=figures.median_wait)
    return TodayPage(
        figures=figures,
        ages=ages,
        ages_plot=Plot(svg=plots.bars(ages, title=translate("Waiting cases by age"))),
        days=days,
        days_plot=Plot(svg=plots.columns(days, title=translate("Decisions of the last 14 days"))),
        accesses=tuple((reason_words(name), number) for name, number in figures.accesses.items()),
        oldest=span(figures.oldest),
        median_wait=span(wait),
    )
