"""Who a person is: identity-card numbers, names, partial birth dates, eID states, assurance."""
