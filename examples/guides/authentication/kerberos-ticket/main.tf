terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

provider "timago" {
  winrm = {
    auth          = "kerberos" # the user is the ticket's
    domain_suffix = "schule.example"

    kerberos = { credential_cache = "/run/timago/kms-admin.ticket" } # or leave it out: KRB5CCNAME
  }
  kms = { host = "kms01.schule.example" }
}
