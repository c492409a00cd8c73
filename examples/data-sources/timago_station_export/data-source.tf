# The file that Timago's button Datenexport has written is beside the configuration.
data "timago_station_export" "school" {
  path = "${path.module}/stationen.csv"
}

output "rooms" {
  value = toset([for station in data.timago_station_export.school.stations : station.location if station.location != null])
}
