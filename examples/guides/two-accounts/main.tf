terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

provider "timago" {
  # An administrator of the stations, and of nothing else.
  winrm = {
    username      = "SCHULE\\kms-stations" # the password: TIMAGO_WINRM_PASSWORD
    domain_suffix = "schule.example"
  }

  kms = {
    host = "kms01.schule.example"

    # An administrator of the KMS host, and of nothing else.
    winrm = { username = "SCHULE\\kms-host" } # the password: TIMAGO_KMS_WINRM_PASSWORD
  }
}

# Without an account for the KMS host: the counts are those that stations were told.
provider "timago" {
  alias = "no_account_on_the_host"

  winrm = {
    username      = "SCHULE\\kms-stations"
    domain_suffix = "schule.example"
  }

  kms = {
    host         = "kms01.schule.example"
    count_source = "stations"
    max_age      = "72h"
  }
}

resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = ["R101-PC01", "R101-PC02", "R101-PC03", "R101-PC04", "R101-PC05"]
}
