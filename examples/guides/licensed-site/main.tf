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
    username      = "SCHULE\\kms-admin" # the password: TIMAGO_WINRM_PASSWORD
    domain_suffix = "schule.example"
  }
  kms = { host = "kms01.schule.example" }
}

data "timago_kms_host" "school" {}

data "timago_station" "each" {
  for_each = toset(["R101-PC01", "R101-PC02"])
  name     = each.key
}

# The school's own KMS host, with the school's own keys, activated at Microsoft.
check "kms_host" {
  assert {
    condition     = data.timago_kms_host.school.is_kms_host
    error_message = "The machine has no KMS host key."
  }
  assert {
    condition     = alltrue([for key in data.timago_kms_host.school.products : key.licensed])
    error_message = "A KMS host key is not activated at Microsoft."
  }
}

# The stations ask that host, and hold the volume licence's client keys.
check "stations" {
  assert {
    condition = alltrue(flatten([
      for station in data.timago_station.each : [for l in station.licences : l.never_counts == null]
    ]))
    error_message = join("\n", flatten([
      for name, station in data.timago_station.each : [
        for l in station.licences : "${name}: ${l.name}: ${l.never_counts}" if l.never_counts != null
      ]
    ]))
  }
  assert {
    condition = alltrue([
      for station in data.timago_station.each :
      lower(split(".", coalesce(station.kms_host, "none"))[0]) == lower(split(".", data.timago_kms_host.school.host)[0])
    ])
    error_message = "A station asks another KMS host than the school's."
  }
}
