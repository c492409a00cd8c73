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
    auth          = "kerberos"
    username      = "kms-admin@SCHULE.EXAMPLE"
    domain_suffix = "schule.example"

    kerberos = { keytab = "/etc/timago/kms-admin.keytab" } # readable by the runner's user alone
  }
  kms = { host = "kms01.schule.example" }
}
