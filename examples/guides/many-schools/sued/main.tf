# School Süd: a folder, a state, an account and a runner of its own.
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
    username      = "SUED\\kms-admin"
    domain_suffix = "sued.schule.example"
  }
  kms = { host = "kms01.sued.schule.example" }
}

module "school" {
  source = "../school"

  rooms          = ["R101", "R102"]
  wake_broadcast = { R101 = "10.7.101.255", R102 = "10.7.102.255" }
}

output "status" {
  value = module.school.status
}
