# terraform apply -invoke=action.timago_station_reset_image.room
action "timago_station_reset_image" "room" {
  config {
    location        = "R101"
    station_timeout = "90m"
  }
}
