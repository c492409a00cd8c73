terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

# Terraform fragt danach. Ein flüchtiger Wert (ephemeral) steht in keinem Plan und in keinem Zustand.
variable "winrm_password" {
  type        = string
  sensitive   = true
  ephemeral   = true
  description = "Kennwort des Kontos, das Windows fragt"
}

provider "timago" {
  winrm = {
    username      = "SCHULE\\kms-admin"
    password      = var.winrm_password
    domain_suffix = "schule.example"
  }
  kms = { host = "kms01.schule.example" } # der KMS-Host der Schule
}

# Fünf Stationen, die an jedem Schultag laufen.
resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = ["R101-PC01", "R101-PC02", "R101-PC03", "R101-PC04", "R101-PC05"]

  # Ohne weitere Angabe gelten 25 für Windows und 5 für Office.
  early_renewal = "168h" # erneuern, wenn binnen einer Woche ein Schwellenwert unterschritten würde

  cycle = { when_in_use = "skip" } # wo jemand angemeldet ist, wird nicht neu gestartet

  # Nur in dieser Zeit wird etwas gestartet: montags bis donnerstags nach dem Unterricht.
  maintenance_window = {
    days     = ["monday", "tuesday", "wednesday", "thursday"]
    start    = "15:30"
    end      = "20:00"
    timezone = "Europe/Berlin"
  }
}

output "r101" {
  value = timago_activation_pool.r101.status
}
