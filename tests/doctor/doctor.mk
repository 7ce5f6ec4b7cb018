# doctor.mk -- what this machine has for which part of the course.

doctor:
	@CC="$(CC)" MAKE="$(MAKE_COMMAND)" sh tests/doctor/doctor.sh

test: doctor-check
doctor-check:
	@CC="$(CC)" MAKE="$(MAKE_COMMAND)" sh tests/doctor/check.sh

.PHONY: doctor doctor-check
