"""Amounts as people in Hong Kong write them, in every language."""

from django import template

register = template.Library()


@register.filter
def dollars(amount: int) -> str:
    """Whole dollars with thousands apart: 44,947."""
    return f"{amount:,}"
