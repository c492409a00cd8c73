# One configuration for every school of the district. schools.csv lists the schools, and the
# variable says which one a run is about. Each school has a state of its own.
terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
  backend "http" {} # TF_HTTP_ADDRESS names this school's state
}

variable "school" {
  type        = string
  description = "The school that this run is about, as schools.csv names it."

  validation { # before Terraform 1.9 a condition knows no path.module
    condition     = contains(csvdecode(file("schools.csv"))[*].school, var.school)
    error_message = "schools.csv lists no such school."
  }
}

locals {
  schools = { for row in csvdecode(file("${path.module}/schools.csv")) : row.school => row }
  school  = local.schools[var.school]

  # "R101=30 BIB=15": R101-PC01 to R101-PC30, and BIB-PC01 to BIB-PC15.
  stations = {
    for room in split(" ", local.school.rooms) : split("=", room)[0] => [
      for n in range(1, tonumber(split("=", room)[1]) + 1) : format("%s-PC%02d", split("=", room)[0], n)
    ]
  }
}

# The account is the runner's in that school: TIMAGO_WINRM_USERNAME, and TIMAGO_WINRM_PASSWORD
# or, with TIMAGO_WINRM_AUTH=kerberos, TIMAGO_WINRM_KEYTAB.
provider "timago" {
  winrm = { domain_suffix = local.school.domain }
  kms   = { host = local.school.kms_host }
}

resource "timago_activation_pool" "room" {
  for_each = local.stations

  name          = each.key
  stations      = each.value
  early_renewal = "168h"

  cycle = { when_in_use = "skip" }

  maintenance_window = {
    days     = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    start    = "15:30"
    end      = "21:00"
    timezone = "Europe/Berlin"
  }
}

output "status" {
  value       = { for room, pool in timago_activation_pool.room : room => pool.status }
  description = "Status of every room."
}
