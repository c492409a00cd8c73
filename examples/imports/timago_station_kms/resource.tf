resource "timago_station_kms" "library" {
  station = "BIB-PC01"
}
