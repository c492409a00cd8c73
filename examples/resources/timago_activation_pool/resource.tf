# A classroom: its stations are used regularly, so that the counts last.
resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = ["R101-PC01", "R101-PC02", "R101-PC03", "R101-PC04", "R101-PC05"]
}

# A pool with much said.
resource "timago_activation_pool" "library" {
  name     = "Library"
  kms_host = "kms01.schule.example"
  stations = ["BIB-PC01", "BIB-PC02", "BIB-PC03"]

  thresholds       = { windows = 25, office = 5 }
  require_licensed = "all" # not the counts alone: every member must be licensed, too
  early_renewal    = "168h"

  cycle = {
    max_parallel             = 3
    max_restarts_per_station = 10
    station_timeout          = "10m"
    when_in_use              = "skip"
    ignore_users             = ["kiosk"]
  }

  timeouts = {
    create = "4h"
    update = "4h"
  }
}

# Output only what is stable: a changed output is a change of the plan, too.
output "r101" {
  value = timago_activation_pool.r101.status
}
