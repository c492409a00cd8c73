terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

# Terraform asks for it, or takes it from the environment variable TF_VAR_winrm_password.
# An ephemeral value is in no plan and in no state.
variable "winrm_password" {
  type        = string
  sensitive   = true
  ephemeral   = true
  description = "Password of the account that asks Windows."
}

provider "timago" {
  winrm = {
    username      = "SCHULE\\kms-admin"
    password      = var.winrm_password
    domain_suffix = "schule.example"
  }
  kms = { host = "kms01.schule.example" }
}

# Reading changes nothing and asks for no activation.
data "timago_kms_host" "school" {}

data "timago_station" "first" {
  name = "R101-PC01"
}

# Good for a first look only: such values move by themselves.
output "kms_host" {
  value = {
    is_kms_host = data.timago_kms_host.school.is_kms_host
    reachable   = data.timago_kms_host.school.reachable
    counts = {
      for product, key in { # null where the host has no key for it
        windows = data.timago_kms_host.school.windows
        office  = data.timago_kms_host.school.office
        } : product => {
        count           = key.count
        threshold       = key.threshold
        licensed        = key.licensed
        renewal_due     = key.renewal_due
        forecast_reason = key.forecast_reason
      } if key != null
    }
  }
}

output "station" {
  value = {
    cmid     = data.timago_station.first.cmid
    kms_host = data.timago_station.first.kms_host
    licences = [for l in data.timago_station.first.licences : {
      name         = l.name
      channel      = l.channel
      licensed_by  = l.licensed_by
      reason       = l.reason
      never_counts = l.never_counts
    }]
  }
}
