"""Well-known kinds of credentials, by the shape that their issuers give them.

Each issuer documents its prefix so that scanners can find what leaks; the lengths here
are the least that is issued, and every repetition is bounded, so that looking through a
text takes time in proportion to its length.

Source:
    The idea of one table of prefixes is that of gitleaks and GitHub's secret scanning
    (https://docs.github.com/en/code-security/secret-scanning); each shape is from its
    issuer's documentation, named beside it.
"""

from collections.abc import Mapping

_WORD = "[A-Za-z0-9_-]"

TOKEN_KINDS: Mapping[str, str] = {
    # Code hosts
    # https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    "GitHub": "gh[pousr]_[A-Za-z0-9_]{36,255}|github_pat_[A-Za-z0-9_]{22,255}",
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    "GitLab": "gl(?:pat|dt|rt|cbt|ptt|ft|soat|oas|imt|agent)-[A-Za-z0-9_.-]{20,300}",
    # https://support.atlassian.com, "Manage API tokens"
    "Atlassian": f"ATATT3{_WORD}{{20,300}}|ATCTT3{_WORD}{{20,300}}",
    # Registries
    "Docker": f"dckr_[po]at_{_WORD}{{20,100}}",  # docs.docker.com, "Access tokens"
    "PyPI": f"pypi-{_WORD}{{50,1000}}",  # pypi.org/help/#apitoken
    "npm": "npm_[A-Za-z0-9]{36}",  # github.blog, 2021-09-23
    "RubyGems": "rubygems_[a-f0-9]{48}",  # guides.rubygems.org/api-key-scopes
    "crates.io": "cio[A-Za-z0-9]{32}(?![A-Za-z0-9])",  # crates.io, util/token.rs
    # Models
    "Hugging Face": "hf_[A-Za-z0-9]{30,100}",  # huggingface.co/docs/hub/security-tokens
    # sk-, sk-proj-, sk-ant-; sk-learn-and-a-long-name has no such run of characters
    "OpenAI and others": (
        f"sk-(?=(?:[A-Za-z0-9]{{0,17}}[_-]){{0,20}}+[A-Za-z0-9]{{18}}){_WORD}{{32,300}}"
    ),
    "Replicate": "r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])",  # replicate.com/docs, API tokens
    "Databricks": "dapi[a-f0-9]{32}(?:-[0-9])?",  # docs.databricks.com
    # Clouds
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    "Amazon": "A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}",
    # https://cloud.google.com/docs/authentication: API keys, OAuth secrets and tokens
    "Google": f"AIza{_WORD}{{35}}|GOCSPX-{_WORD}{{28}}|ya29[.]{_WORD}{{20,500}}",
    # https://learn.microsoft.com, sensitive information type "Azure AD client secret"
    "Azure": "[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
    "DigitalOcean": "do[opr]_v1_[a-f0-9]{64}",
    "Vault": "hv[sbr][.][A-Za-z0-9_-]{20,300}",  # developer.hashicorp.com/vault
    # openbao.org/docs/concepts/tokens, "Token prefixes": 24 characters of base62
    "OpenBao": (
        "[sbr][.](?=[A-Za-z0-9]{0,23}[0-9])(?=[A-Za-z0-9]{0,23}[A-Z])"
        "(?=[A-Za-z0-9]{0,23}[a-z])[A-Za-z0-9]{24}(?![A-Za-z0-9_])"
    ),
    "Terraform": f"[A-Za-z0-9]{{14}}[.]atlasv1[.]{_WORD}{{60,100}}",
    # Chat and mail
    "Slack": "xox[abeoprs]-[A-Za-z0-9-]{10,300}|xapp-[A-Za-z0-9-]{20,300}",
    "Slack webhook": (
        "hooks[.]slack[.]com/(?:services|workflows)/[A-Za-z0-9/_-]{20,100}"
    ),
    "Discord webhook": (
        f"discord(?:app)?[.]com/api/webhooks/[0-9]{{5,25}}/{_WORD}{{50,90}}"
    ),
    "Telegram": f"[0-9]{{8,10}}:AA{_WORD}{{33}}",  # core.telegram.org/bots/api
    "SendGrid": f"SG[.]{_WORD}{{16,32}}[.]{_WORD}{{32,64}}",
    "Twilio": "SK[0-9a-f]{32}",
    # Money and watching
    "Stripe": "[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,100}",
    "Shopify": "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    "Grafana": "gl(?:sa|c)_[A-Za-z0-9_+/=]{32,300}",
    "New Relic": "NRAK-[A-Z0-9]{27}",
    "Sentry": "sntry[su]_[A-Za-z0-9_+/=-]{40,300}",
    # Keys
    # RFC 7519; each part is base64url of a JSON object or of bytes
    "JSON Web Token": (
        f"eyJ{_WORD}{{10,2000}}[.]eyJ{_WORD}{{10,4000}}[.]{_WORD}{{10,1000}}"
    ),
    "age": "AGE-SECRET-KEY-1[A-Z0-9]{58}",  # https://age-encryption.org/v1
    # golang.org/x/mod/sumdb/note, as this log's own key would be written
    "signed note": (
        "PRIVATE[+]KEY[+][^\\s+]{1,200}[+][0-9a-f]{8}[+][A-Za-z0-9+/=]{40,60}"
    ),
}
"""Regular expressions by the name of the issuer; letters and digits may not precede."""

PEM_BEGIN = "-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
"""The first line of a private key: RFC 7468, OpenSSH's, OpenPGP's."""
