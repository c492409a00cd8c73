terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

# Asks no machine: it only shows that the provider is found and runs.
output "restarts" {
  value = provider::timago::restarts_needed(5, 25, 0).total # 25
}
