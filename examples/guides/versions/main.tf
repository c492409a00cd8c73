terraform {
  required_version = ">= 1.8"

  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0" # 0.1.1 and later, never 0.2.0
    }
  }
}
