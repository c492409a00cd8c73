# School Nord: a folder, a state, an account and a runner of its own.
terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
  backend "http" {} # TF_HTTP_ADDRESS names this school's state
}

provider "timago" {
  inventory = "${path.module}/stationen.csv"

  winrm = {
    username      = "NORD\\kms-admin"
    domain_suffix = "nord.schule.example"
  }
  kms = { host = "kms01.nord.schule.example" }
}

module "school" {
  source = "../school"

  rooms          = ["R101", "R102"]
  wake_broadcast = { R101 = "10.2.101.255", R102 = "10.2.102.255" }
}

output "status" {
  value = module.school.status
}
