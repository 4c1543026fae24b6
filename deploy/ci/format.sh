#!/usr/bin/env bash
# Formats the Swift files in place.

. "$(dirname "$0")/../local/common.sh"

find_swift
swift format --in-place --parallel --recursive Package.swift Sources Tests chaos
