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
    username      = "SCHULE\\kms-admin" # the password: TIMAGO_WINRM_PASSWORD
    domain_suffix = "schule.example"
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
