# terraform apply -invoke=action.timago_station_restart.room
action "timago_station_restart" "room" {
  config {
    location     = "R101"
    max_parallel = 5 # no more than five are down at once
    when_in_use  = "skip"
    ignore_users = ["kiosk"]
  }
}
