#!/bin/sh
# The shell functions that every script of a job can use.
