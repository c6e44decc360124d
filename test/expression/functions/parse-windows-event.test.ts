import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWindowsEvent } from '../../../src/expression/functions/parse-windows-event.ts'
import { call } from './calling.ts'

const read = (text: string): Record<string, unknown> =>
  call(parseWindowsEvent, text).value as Record<string, unknown>

const event = (parts: string): Record<string, unknown> => read(`<Event><System/>${parts}</Event>`)

test('values without a name are numbered by their place, and empty ones do not count', () => {
  const { event_data: data } = event(
    '<EventData><Data>a\r\n</Data><Data/><Data Name="">c</Data><Data Name="Data">d</Data><Data Name="x">1</Data><Data Name="x">2</Data><Binary>0A</Binary></EventData>',
  )
  assert.deepEqual(data, { param1: 'a', param3: 'c', param4: 'd', x: '1', Binary: '0A' })
  assert.equal(Object.hasOwn(event('<EventData><Data/></EventData>'), 'event_data'), false)
})

test('members of System of every kind', () => {
  const system = [
    '<Provider Name="P" EventSourceName="S"/><EventID Qualifiers="16384">7036</EventID>',
    '<Correlation ActivityID="{A}" RelatedActivityID="{B}"/><Security UserID="S-1-5-18"/><Level></Level><Task>x1</Task>',
    '<Unknown>1</Unknown><EventRecordID>12345678901234567890</EventRecordID>',
  ]
  assert.deepEqual(read(`<ev:Event xmlns:ev="urn:x"><ev:System>${system.join('')}</ev:System></ev:Event>`), {
    provider_name: 'P',
    event_source_name: 'S',
    event_id: 7036,
    qualifiers: 16384,
    activity_id: '{A}',
    related_activity_id: '{B}',
    user_identifier: 'S-1-5-18',
    task: 'x1',
    record_id: '12345678901234567890',
  })
})

test('integers are up to 15 digits', () => {
  const level = (text: string): unknown =>
    read(`<Event><System><Level>${text}</Level></System></Event>`).level
  assert.equal(level(' 007\n'), 7)
  assert.equal(level('999999999999999'), 999_999_999_999_999)
  for (const text of ['1000000000000000', '-1', '+1', '1.0', '1e3', '0x1', '1 2', '/', ':', '١'])
    assert.equal(level(text), text)
})

test('rendered messages and nested user data', () => {
  const value = event(
    '<UserData><x:Op xmlns:x="u"><User>ann</User><List><i>1</i><i>2</i></List><Empty/></x:Op></UserData><RenderingInfo Culture="en-US"><Message>Line 1\r\nLine 2\r\n</Message><Level>Information</Level></RenderingInfo>',
  )
  assert.deepEqual(value, {
    user_data: { xml_name: 'Op', User: 'ann', List: { i: ['1', '2'] } },
    message: 'Line 1\nLine 2',
  })
})

test('names that objects inherit are names', () => {
  const { event_data: data } = event(
    '<EventData><Data Name="__proto__">p</Data><Data Name="constructor">c</Data></EventData>',
  )
  assert.equal(JSON.stringify(data), '{"__proto__":"p","constructor":"c"}')
  assert.deepEqual(event('<__proto__ Name="x"/>'), {})
})

test('other documents are no events', () => {
  for (const text of ['', '<Event></Event>', '<Events><System/></Events>', '<Event><System></Event>', 'x'])
    assert.equal(call(parseWindowsEvent, text).value, undefined, text)
})
