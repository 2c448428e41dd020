"""What the provider says about itself: discovery document and JWKS."""
