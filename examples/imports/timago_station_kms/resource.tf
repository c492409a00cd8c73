resource "timago_station_kms" "reading_room" {
  station = "BIB-PC01"
}
