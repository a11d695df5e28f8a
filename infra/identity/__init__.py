"""Whose token is it? The resource server's side of OAuth 2.0 and OpenID Connect."""
