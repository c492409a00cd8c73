import {
  to = timago_activation_pool.r101
  id = "R101@kms01.schule.example/stations=R101-PC01,R101-PC02,R101-PC03,R101-PC04,R101-PC05"
}
