"""The development issuer: an OpenID Connect provider inside registrar, for one machine."""
