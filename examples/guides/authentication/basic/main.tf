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

# Basic takes local accounts alone, and must be switched on in each machine's WinRM service.
provider "timago" {
  winrm = {
    auth     = "basic"
    username = "kms-admin"
    password = var.winrm_password
    use_tls  = true # without it the password would cross the network in the clear

    # The only certificates that are accepted, by their SHA-256 fingerprints.
    certificate_fingerprints = [
      "4E:1C:7B:0A:95:2D:E3:66:8F:31:C0:58:AA:17:9B:F4:22:6D:83:0E:5C:B1:79:D4:3A:E8:90:6F:12:C7:5B:04",
    ]
  }
  kms = { host = "kms01.schule.example" }
}
