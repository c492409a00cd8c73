terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

provider "timago" {
  inventory = "${path.module}/stationen.csv" # Timago's Datenexport of the stations

  winrm = {
    username      = "SCHULE\\kms-admin" # the password: TIMAGO_WINRM_PASSWORD
    domain_suffix = "schule.example"
  }
  kms = { host = "kms01.schule.example" }
}

# Every station that the inventory lists in room R101.
resource "timago_activation_pool" "r101" {
  name     = "R101"
  location = "R101"

  # Not only the counts: 28 of the 30 stations must also be licensed.
  require_licensed = 28

  cycle = {
    max_parallel   = 10
    when_in_use    = "skip"
    ignore_users   = ["kiosk"]
    wake_broadcast = "10.1.101.255"
  }

  # After lessons. Outside of it nothing is started.
  maintenance_window = {
    days     = ["monday", "tuesday", "wednesday", "thursday"]
    start    = "15:30"
    end      = "20:00"
    timezone = "Europe/Berlin"
  }
}

output "r101" {
  value = timago_activation_pool.r101.status
}
