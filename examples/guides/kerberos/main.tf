terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1"
    }
  }
}

provider "timago" {
  winrm = {
    auth          = "kerberos"
    username      = "kms-admin@SCHULE.EXAMPLE"
    domain_suffix = "schule.example" # Kerberos knows machines by their full names

    kerberos = { keytab = "/etc/timago/kms-admin.keytab" } # or a password, or a ticket of kinit
  }
  kms = { host = "kms01.schule.example" }
}

resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = ["R101-PC01", "R101-PC02", "R101-PC03", "R101-PC04", "R101-PC05"]
}

output "r101" {
  value = timago_activation_pool.r101.status
}
