# terraform apply -invoke=action.timago_station_wake.room
action "timago_station_wake" "room" {
  config {
    stations       = ["R101-PC01", "R101-PC02", "R101-PC03"]
    wake_broadcast = "10.1.101.255" # in direct mode; Timago needs none
  }
}

# The stations are switched on before each change of the pool.
resource "timago_activation_pool" "room" {
  name     = "R101"
  stations = ["R101-PC01", "R101-PC02", "R101-PC03"]

  lifecycle {
    action_trigger {
      events  = [before_create, before_update]
      actions = [action.timago_station_wake.room]
    }
  }
}
