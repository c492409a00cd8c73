terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

provider "timago" {
  endpoint = "https://timago.schule.example" # the token: TIMAGO_TOKEN

  # Counts, licences and restarts are Windows' own in this mode, too.
  winrm = { username = "SCHULE\\kms-admin" } # the password: TIMAGO_WINRM_PASSWORD
  kms   = { host = "kms01.schule.example" }
}

# A stable filter: a room changes when somebody moves a computer, not with the holidays.
data "timago_stations" "r101" {
  location = "R101"
}

# The option KMS-Aktivierung is on, and the image was made with it.
resource "timago_station_kms" "r101" {
  for_each = toset(data.timago_stations.r101.names)
  station  = each.key
}

# The pool waits for the images of its members, all together.
resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = [for station in timago_station_kms.r101 : station.station]
}

output "r101" {
  value = timago_activation_pool.r101.status
}
