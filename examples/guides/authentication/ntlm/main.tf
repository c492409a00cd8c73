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
    username      = "SCHULE\\kms-admin" # of the domain; a local account: "kms-admin"
    password      = var.winrm_password
    domain_suffix = "schule.example"
  }
  kms = { host = "kms01.schule.example" }
}
