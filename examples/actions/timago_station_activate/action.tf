# terraform apply -invoke=action.timago_station_activate.room
action "timago_station_activate" "room" {
  config {
    stations = ["R101-PC01", "R101-PC02", "R101-PC03"]
  }
}
