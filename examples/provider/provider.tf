terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

# Terraform asks for it, or takes it from the environment variable TF_VAR_winrm_password.
# An ephemeral value is in no plan and in no state. Before Terraform 1.10 and OpenTofu 1.11
# leave the variable out, and set the environment variable TIMAGO_WINRM_PASSWORD.
variable "winrm_password" {
  type        = string
  sensitive   = true
  ephemeral   = true
  description = "Password of the account that asks Windows."
}

# Direct mode: no interface to Timago is needed.
provider "timago" {
  winrm = {
    username      = "SCHULE\\kms-admin"
    password      = var.winrm_password
    domain_suffix = "schule.example" # R101-PC01 is asked as R101-PC01.schule.example
  }
  kms = { host = "kms01.schule.example" }
}
