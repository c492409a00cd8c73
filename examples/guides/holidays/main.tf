terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

provider "timago" {
  inventory = "${path.module}/stationen.csv"

  winrm = {
    username      = "SCHULE\\kms-admin" # the password: TIMAGO_WINRM_PASSWORD
    domain_suffix = "schule.example"
  }
  kms = { host = "kms01.schule.example" }
}

resource "timago_activation_pool" "r101" {
  name     = "R101"
  location = "R101"

  # A count that falls below its threshold within a week is a change of the plan today.
  early_renewal = "168h"

  cycle = { wake_broadcast = "10.1.101.255" }
}

data "timago_kms_host" "school" {}

# Checks warn. They change neither the plan nor its exit code.
check "until_the_holidays_end" {
  assert {
    condition     = try(data.timago_kms_host.school.windows.renewal_due, null) != null
    error_message = "There is no forecast: ${try(coalesce(data.timago_kms_host.school.windows.forecast_reason), "the KMS host has no key for Windows")}"
  }
  assert {
    condition = try(timecmp(data.timago_kms_host.school.windows.renewal_due,
    timeadd(data.timago_kms_host.school.clock, "504h")) > 0, true)
    error_message = "Within three weeks the count of Windows falls below its threshold if nobody starts."
  }
}

check "everybody_is_licensed" {
  assert {
    condition = length(timago_activation_pool.r101.unlicensed) == 0
    error_message = join("\n", [
      for station, reason in timago_activation_pool.r101.unlicensed : "${station}: ${reason}"
    ])
  }
}

# The status is planned as it is to be, so that the output changes with nothing else.
output "r101" {
  value = timago_activation_pool.r101.status
}
