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

data "timago_station" "patient" {
  name = "R101-PC07"
}

output "what_it_says_of_its_licences" {
  value = { for l in data.timago_station.patient.licences : l.name => coalesce(l.never_counts, l.reason, "licensed") }
}

output "what_it_asked_and_was_told" {
  value = data.timago_station.patient.requests
}

output "whom_it_asks" {
  value = {
    host     = data.timago_station.patient.kms_host
    port     = data.timago_station.patient.kms_port
    from_dns = data.timago_station.patient.kms_host_from_dns
    in_dns   = data.timago_kms_host.school.dns_records
  }
}

output "machines_that_count_as_one" {
  value = data.timago_kms_host.school.shared_cmids
}
