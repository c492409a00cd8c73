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
    username       = "SCHULE\\kms-admin"
    password       = var.winrm_password
    domain_suffix  = "schule.example"
    use_tls        = true                                 # port 5986
    ca_certificate = file("${path.module}/schule-ca.pem") # who signed the machines' certificates
  }
  kms = { host = "kms01.schule.example" }
}
