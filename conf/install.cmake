# conf/install.cmake: `cmake --install`: everything but the executable, with the paths of the installation put in.
# Run by CMake with SOURCE, SYSCONFDIR, LOCALSTATEDIR, DATADIR, MANDIR and DOCDIR; src/app/installation.cpp finds it all again.
# file(INSTALL) puts $DESTDIR in front; no path that is written into a file has it.
cmake_policy(VERSION 3.25)

# What a folder of the GNU layout is called below the prefix. /usr itself holds neither settings nor state, /usr/local no state.
function(place result folder)
  set(outside ${ARGN})
  if(IS_ABSOLUTE "${folder}")
    set(${result} "${folder}" PARENT_SCOPE)
  elseif(CMAKE_INSTALL_PREFIX IN_LIST outside)
    set(${result} "/${folder}" PARENT_SCOPE)
  else()
    set(${result} "${CMAKE_INSTALL_PREFIX}/${folder}" PARENT_SCOPE)
  endif()
endfunction()

place(SYSCONFDIR "${SYSCONFDIR}" /usr)
place(STATE "${LOCALSTATEDIR}" /usr /usr/local)
place(PROGRAM "${SBINDIR}")
place(SHARE "${DATADIR}")
place(MAN "${MANDIR}")
place(DOC "${DOCDIR}")
place(UNITS lib/systemd/system)
set(ETC "${SYSCONFDIR}/webserv")
set(CONF "${ETC}/webserv.conf")
set(STATE "${STATE}/lib/webserv")
set(PROGRAM "${PROGRAM}/webserv")
set(SHARE "${SHARE}/webserv")

function(install_files folder)
  file(INSTALL ${ARGN} DESTINATION "${folder}")
endfunction()

# A file of the source tree with @NAMES@ in it, or its text given.
function(install_text path text)
  get_filename_component(name "${path}" NAME)
  get_filename_component(folder "${path}" DIRECTORY)
  string(CONFIGURE "${text}" text @ONLY)
  file(WRITE "${BUILD}/install/${name}" "${text}")
  install_files("${folder}" "${BUILD}/install/${name}")
endfunction()

# Settings are their owner's: they are written once, and what is new comes beside them.
function(install_settings path text)
  install_text("${path}.default" "${text}")
  if(NOT EXISTS "$ENV{DESTDIR}${path}")
    install_text("${path}" "${text}")
  endif()
endfunction()

file(READ "${SOURCE}/conf/webserv.conf" text)
string(REPLACE "root www;" "root @SHARE@/www;" text "${text}")
string(REPLACE " -c conf/webserv.conf" "" text "${text}")
string(REPLACE "conf/webserv.conf" "@CONF@" text "${text}")
install_settings("${CONF}" "${text}")
file(READ "${SOURCE}/conf/mime.types" text)
install_settings("${ETC}/mime.types" "${text}")

file(INSTALL "${SOURCE}/www" DESTINATION "${SHARE}")
file(READ "${SOURCE}/docs/webserv.8.in" text)
install_text("${MAN}/man8/webserv.8" "${text}")
file(READ "${SOURCE}/conf/webserv.service.in" text)
install_text("${UNITS}/webserv.service" "${text}")
file(READ "${SOURCE}/conf/webserv.logrotate.in" text)
install_text("${DOC}/webserv.logrotate" "${text}")
install_files("${UNITS}" "${SOURCE}/conf/webserv.socket")
file(GLOB documents "${SOURCE}/docs/*.md")
install_files("${DOC}" ${documents} "${SOURCE}/docs/directives" "${SOURCE}/README.md" "${SOURCE}/CHANGELOG.md" "${SOURCE}/LICENSE")

file(MAKE_DIRECTORY "$ENV{DESTDIR}${STATE}/logs")
