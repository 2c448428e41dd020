"""The hub: sessions, single sign-on, step-up and logout that crosses protocols."""
