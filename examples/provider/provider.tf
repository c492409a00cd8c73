terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1"
    }
  }
}

# Direct mode: no Timago API is needed. The password comes from the environment
# variable TIMAGO_WINRM_PASSWORD.
provider "timago" {
  winrm = { username = "SCHULE\\kms-admin" }
  kms   = { host = "kms01.schule.example" }
}
