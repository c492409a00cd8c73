import {
  to = timago_station_kms.library
  id = "BIB-PC01"
}
