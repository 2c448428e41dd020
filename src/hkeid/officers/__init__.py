"""Officers: roles and permissions, their own login, and the record of every look at a resident."""
