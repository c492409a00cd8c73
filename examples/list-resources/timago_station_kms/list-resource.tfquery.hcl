# terraform query -generate-config-out=stations.tf
list "timago_station_kms" "room" {
  provider = timago

  config {
    location = "R101"
  }
}
