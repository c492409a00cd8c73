# The configuration that the pipelines of this folder run.
terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
  backend "http" {} # TF_HTTP_ADDRESS and the others; any backend that locks will do
}

# Account and password come from the environment: TIMAGO_WINRM_USERNAME, TIMAGO_WINRM_PASSWORD.
provider "timago" {
  inventory = "${path.module}/stationen.csv" # with the MAC addresses

  winrm = { domain_suffix = "schule.example" }
  kms   = { host = "kms01.schule.example" }
}

resource "timago_activation_pool" "r101" {
  name          = "R101"
  stations      = ["R101-PC01", "R101-PC02", "R101-PC03", "R101-PC04", "R101-PC05"]
  early_renewal = "168h"

  # Stations are off at night: they are switched on over the network, and off again.
  cycle = { wake_broadcast = "10.1.101.255", after = "shutdown" }

  # Outside it nothing is started, whenever the apply runs.
  maintenance_window = {
    days     = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    start    = "20:30"
    end      = "05:00"
    timezone = "Europe/Berlin"
  }

  timeouts = { # less than the runner's own limit
    create = "8h"
    update = "8h"
  }
}

output "r101" {
  value = timago_activation_pool.r101.status
}
