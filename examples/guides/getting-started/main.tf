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

resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = ["R101-PC01", "R101-PC02", "R101-PC03", "R101-PC04", "R101-PC05"]
}

output "r101" {
  value = timago_activation_pool.r101.status
}
